"""SimpleITK, held to one thread.

Several of its filters sum in an order that depends on the number of threads, so the same
scan would give other bytes on another machine. Participants run side by side instead.
"""

import SimpleITK as sitk

sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

__all__ = ["sitk"]
