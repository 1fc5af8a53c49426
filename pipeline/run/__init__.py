"""One participant through all stages, and the tables over all participants.

`plan` holds the stages as plain data, `records` what is up to date, `participant`
takes one scan through, `cohort` gathers participants and writes what spans them.
"""
