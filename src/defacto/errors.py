"""Every exception of defacto, drawn as a tree.

::

    DefactoError                  base: the command line prints it as one sentence, without a traceback
    ├── InputError                something the user gave cannot be used; the scan waits, the batch goes on
    │   ├── VolumeError           a NIfTI or MGH file is broken, hostile or of a kind that is not defaced
    │   ├── DicomError            a DICOM folder or series cannot be converted
    │   └── BidsError             a data set breaks the BIDS rules that the job rests on
    ├── SettingsError             a setting, option or settings file is wrong (usage error)
    ├── StepError                 a step of the job could not be done on this scan
    │   ├── ProgramError          an outside program failed or is missing
    │   └── RegistrationError     no registration to the template was found
    ├── KilledError               a program was killed from outside; the scan is tried again
    ├── StoreError                the store of a run cannot be used
    │   └── NotThereError         the run or the scan that was named is not there; also an InputError
    └── NotClearedError           export was asked for a scan that is not cleared
"""

from __future__ import annotations


class DefactoError(Exception):
    """Base of all errors that defacto raises on purpose."""


class InputError(DefactoError):
    """Something that the user gave cannot be used."""


class VolumeError(InputError):
    """A volume file is broken, hostile, or of a kind that is not defaced."""


class DicomError(InputError):
    """A DICOM folder or series cannot be converted."""


class BidsError(InputError):
    """A data set breaks the BIDS rules that the job rests on."""


class SettingsError(DefactoError):
    """A setting, an option or a settings file is wrong."""


class StepError(DefactoError):
    """A step of the job could not be done on this scan."""


class ProgramError(StepError):
    """An outside program failed or is missing."""


class RegistrationError(StepError):
    """No registration to the template was found."""


class KilledError(DefactoError):
    """A program was killed from outside, as by a system short of memory; the scan is tried again."""


class StoreError(DefactoError):
    """The store of a run cannot be used."""


class NotThereError(StoreError, InputError):
    """The run or the scan that the user named is not there."""


class NotClearedError(DefactoError):
    """Export was asked for a scan that is not cleared."""
