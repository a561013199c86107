"""Why a run ends without having done its work. The text of each is one sentence for the operator."""


class CollectorFailure(Exception):
    """Any of the failures below."""


class HostUnreadable(CollectorFailure):
    """The host does not show the registers of all its CPUs, or shows what no kernel writes."""


class Misconfigured(CollectorFailure):
    """An option is well-formed, but what it names cannot be used."""


class ReportRefused(CollectorFailure):
    """The service answered that it does not take the report; sending it again would change nothing."""


class ServiceUnreachable(CollectorFailure):
    """The service did not answer, or answered that it cannot work just now."""
