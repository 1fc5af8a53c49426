"""One participant through all stages, and the tables over all participants.

`plan` lists the stages as data, `process_participant` runs those that `stage_cache` does not
hold, `process_cohort` does so for every participant, and `update_cohort` writes the tables and
pages over all participants where something has changed.
"""
