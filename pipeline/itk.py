"""SimpleITK, limited to one thread.

The order of summation in several of its filters depends on the number of threads, so the same
scan would give different bytes on another machine. Participants are processed in parallel
instead.
"""

import SimpleITK as sitk

sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

__all__ = ["sitk"]
