"""A worker of a Dask cluster, with stages that take hundredths of a second."""

from slow_stages import slow_stages

from pipeline.run import plan

setattr(plan, "STAGES", slow_stages())  # noqa: B010 in all processes it starts, too
if __name__ == "__main__":
    from distributed.cli.dask_worker import main

    main()
