"""One participant through all stages, and the tables over all participants.

`plan` lists the stages as data, `process_participant` runs those that `stage_cache` does not
hold, `process_cohort` does so for every participant, `cohort_results` collects what they wrote,
and `cohort_tables` and `cohort_pages` write the tables, plots and pages.
"""
