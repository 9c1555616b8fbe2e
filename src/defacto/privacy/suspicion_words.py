"""Words that the search for suspicious values rests on: months, given names, tags made for identifiers."""

from __future__ import annotations

import re

from defacto.privacy.sidecar_terms import VALUES, WORDS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MONTHS = _words(
    """
    january february march april may june july august september october november december jan feb mar apr
    jun jul aug sep sept oct nov dec januar februar märz maerz mrz mai juni juli oktober dezember okt dez
    janvier février fevrier mars avril juin juillet août aout septembre octobre novembre décembre decembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre gennaio
    febbraio aprile maggio giugno luglio settembre ottobre dicembre januari februari maart mei augustus
    mrt janeiro fevereiro março marco maio junho julho setembro outubro novembro dezembro
    """
)
"""Months in English, German, French, Spanish, Italian, Dutch and Portuguese, lower case."""

GIVEN_NAMES = _words(
    """
    aaron abdul abigail adam adrian ahmed aisha alan albert alejandro alessandro alexander alexandra
    alexei alfred ali alice alicia alison allison amanda amelia amir amy ana anastasia andrea andreas
    andrei andrew angela angelika anita anna anne annette anthony antoine antonio arjun arthur ashley
    astrid barbara beatrice ben benjamin bernard bernd beth betty bjorn bob bradley brandon brenda brian
    brigitte bruce camille carl carla carlos carmen carol caroline catherine cecilia charles charlotte
    chiara chloe christian christina christine christoph christopher claire clara claudia claudio craig
    cristina cynthia daniel daniela david deborah denise dennis derek diana diego dieter dmitri dominique
    donald donna dorothy doris dorothea douglas edith edward elena eleanor elisabeth elizabeth ella ellen
    emily emma eric erik erika ernest esther ethan eva evelyn fatima felix fernando florian francesca
    francesco francis francisco frank frederick friedrich gabriel gary george georg gerald gerhard
    giovanni giulia giuseppe gloria gordon greg gregory guillaume gunther hannah hans harold harry heather
    heidi heinrich helen helena helga helmut henri henry hiroshi howard hugo ian ibrahim igor ingrid irene
    isabel isabella ivan jack jacob jacqueline jacques james jan jane janet janine jason javier jean
    jeffrey jennifer jeremy jerry jessica jill joan johan johann johanna john jonas jonathan jorge jose
    josef joseph joshua joyce juan judith judy juergen julia julian julie jürgen justin karen karin karl
    katarina kate katharina katherine kathleen keith kelly kenneth kevin kimberly klaus kumar kurt larry
    lars laura lauren laurent lawrence lea leah leonard leonardo leslie liam linda lisa lorenzo louis
    louise lucas lucia luigi luis lukas manfred manuel marcel marco marcus margaret margarete maria marie
    marina mario marion marta martha martin martina mary mateo matteo matthew matthias maurice maximilian
    megan mehmet melanie melissa michael michel michelle miguel mohamed mohammad mohammed monica monika
    muhammad mustafa nadia nancy natalia natalie nathan nathalie nicholas nicola nicolas nicole nikolai
    nina noah olga oliver olivia oscar otto pablo pamela patricia patrick paul paula paulo pedro peter
    petra philip philippe pierre rachel rafael rainer ralph raymond rebecca renate ricardo richard robert
    roberto roger roland ronald rosemary roy russell ruth ryan sabine samantha samuel sandra sara sarah
    scott sean sebastian sergei sergio sharon shirley silvia simon simone sofia sophia sophie stefan
    stefanie stephanie stephen steven stuart susan susanne suzanne svetlana sven sylvia takeshi tanja
    tatiana teresa terry theresa thomas timothy tobias todd tracy ulrich ulrike ursula valentina valerie
    vanessa vera veronica victoria vincent virginia vladimir walter wayne wendy werner wilhelm william
    wolfgang xavier yannick yolanda youssef yuki yusuf yvonne zachary
    """
)
"""Frequent given names in several languages, lower case; none that is a word of MRI or of English."""

TITLES = (
    r"(?:Dr|Prof|Mr|Mrs|Ms|Miss|Mx|Herr|Frau|Mme|Mlle|Hr|Fr|Sr|Sra|Dott|MUDr|Sir|Patient|Nurse|Operator|Name)"
)
"""What stands before a name."""

PLAIN_LABELS = _words(
    """
    control controls patient patients subject pilot phantom test healthy template group twin volunteer
    mouse sample average example emptyroom baseline followup pass deep shallow failure broken faint lost
    unsure month week year visit session pre post first second third screening retest rescan scan day
    """
)
"""Labels of letters alone that are no names."""

TECHNICAL = _words(
    """
    head coil body neck brain image images scan magnitude phase real imaginary left right anterior
    posterior localizer scout sagittal axial coronal transverse oblique resting state field map fast spin
    echo gradient inversion recovery turbo flash dual multi band single shot high low resolution motion
    corrected original primary derived none other yes no true false unknown healthy control patient male
    female siemens philips ge magnetom prisma skyra trio verio ingenia achieva discovery signa adaptive
    combine sum of squares
    """
)
"""Words that make no name where they stand together with a capital."""

USUAL = (
    TECHNICAL
    | _words(
        """
    fsl spm afni ants niimath freesurfer itk nibabel mricron mrtrix minc dcm niix bids nifti matlab python
    ras las lpi rpi slice timing seconds hertz rest task control patient group case placebo treated untreated
    arm baseline followup visit session first second third pre post good bad fair poor pass fail included
    excluded day week month year years kg cm defacto template features atlas shear quickshear reface blur
    ears face pydeface fsl_deface deface mideface
    """
    )
    | frozenset(
        word.casefold()
        for texts in (WORDS.values(), (" ".join(values) for values in VALUES.values()))
        for text in texts
        for word in re.findall(r"[^\W\d_]+", text)
    )
)
"""Words of scanners, programs and studies: a text of other words may hold a name."""

PERSONAL_TAG = re.compile(
    r"""
    Patient(?!Position)|Institution|Physician|Operator|Referring|Responsible|Requesting|Requested|Performed
    |Performing|Reviewer|Technician|Technologist|Radiologist|Observer|Reader(?:Name)?$
    |SerialNumber|StationName|Station$|DeviceUID|DeviceID|UID$|UIDs$|InstanceUID|AccessionNumber
    |StudyID|MedicalRecord|(?:^|_|\.)(?:mrn|MRN|ssn|SSN|nhs|NHS|dob|DOB)(?:$|_|\.)|[Bb]irth|Ethnic|Religio
    |Address|Telephone|Phone|[Ee]mail|Occupation|Insurance|NextOfKin|Guardian|(?:^|_)zip(?:code)?(?:$|_)
    |(?:Study|Series|Acquisition|Content|Instance|Procedure|Scan|Exam|Visit)[A-Za-z]*(?:Date|Time)
    |(?:Admission|Discharge)[A-Za-z]*(?:Date|Time)
    |AcquisitionTime|AcquisitionDateTime|(?:^|_)acq_time$|Timezone
    |Comment|(?:Series|Study|Protocol|Procedure|Step|Acquisition)(?:Description|Name)|ProtocolName|History
    |PulseSequenceDetails|FileName|Filename|FilePath|Directory|HostName|UserName|(?:^|_)(?:first|last|full|family|given|sur)_?name(?:$|_)
    """,
    re.VERBOSE,
)
"""Tags and columns that are made for what names a person, a place, a device or a time, or for free text."""

PROSE_TAG = re.compile(
    r"""
    ^(?:DeidentificationMethod|Defacing\.|GeneratedBy|SourceDatasets|Description$|Values|HowToAcknowledge
    |Acknowledgements|Funding|License|EthicsApprovals|ReferencesAndLinks|Name$|Keywords|Instructions)
    |(?:^|\.)(?:Description|LongName|Levels\..*|TermURL|Units|Derivative)$
    """,
    re.VERBOSE,
)
"""Tags whose values are sentences by their nature: there only patterns count, not the length."""

EXPECTED = {
    "IntendedFor": {"unknown word"},
    "Sources": {"unknown word"},
    "RawSources": {"unknown word"},
    "B0FieldIdentifier": {"unknown word"},
    "Authors": {"name"},
    "DatasetDOI": {"url", "path"},
    "ReferencesAndLinks": {"url", "date", "name"},
    "GeneratedBy.CodeURL": {"url"},
    "SourceDatasets.URL": {"url"},
    "SourceDatasets.DOI": {"url"},
    "TermURL": {"url"},
    "BIDSVersion": {"date"},
    "DeidentificationMethodCodeSequence.CodeValue": {"date", "number"},
}
"""Marks that a tag of a description or a dictionary brings with it, by its last part or as a whole."""

PLAIN_COLUMNS = {
    "age": (0.0, 89.0),
    "weight": (0.0, 400.0),
    "height": (0.0, 300.0),
    "onset": (0.0, 1e6),
    "duration": (0.0, 1e6),
    "response_time": (0.0, 1e6),
    "sample": (0.0, 1e9),
}
"""Columns of tables with numbers, and between which limits they say nothing of who it is."""
