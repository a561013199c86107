"""What the planner made of a boot, in the oracle's words, so that the two can be compared."""

from hypothesis import assume, note

from app.domain.errors import InvalidInput
from app.domain.fleet.fleet import Fleet
from app.domain.planning.composition import BootOrder, compose
from app.domain.planning.plan import Mode, ModeReason, Plan
from app.domain.planning.refusals import BootRefused, TooManyImplementations
from tests.domain.oracle import Outcome, Sealed
from tests.domain.strategies import Situation


def composed(fleet: Fleet, order: BootOrder) -> Plan | None:
    """The plan, or None where the boot is refused in any way."""
    try:
        return compose(fleet, order)
    except (InvalidInput, BootRefused, TooManyImplementations):
        return None


def planned(situation: Situation) -> Plan:
    """The plan of a boot that is not refused; examples in which it is are passed over."""
    note(str(situation))
    plan = composed(situation.fleet, situation.order)
    assume(plan is not None)
    assert plan
    return plan


def outcome(fleet: Fleet, order: BootOrder) -> Outcome:
    try:
        plan = compose(fleet, order)
    except InvalidInput:
        return Outcome(no_such_cpus=True)
    except BootRefused as refusal:
        return Outcome(refused=frozenset(reason.code.value for reason in refusal.reasons))
    except TooManyImplementations as refusal:
        return Outcome(too_many=refusal.count)
    return Outcome(
        entries=plan.list.entries,
        mode=plan.mode.value,
        mode_reasons=tuple(each.value for each in plan.mode_reasons),
        left_out=tuple((each.implementation, each.hosts, each.hazards) for each in plan.left_out),
        accepted=plan.accepted_hazards,
    )


def sealed(plan: Plan) -> Sealed:
    return Sealed(
        plan.list.entries,
        plan.mode is Mode.DISCOVERABLE,
        ModeReason.GUEST_CANNOT_DISCOVER not in plan.mode_reasons,
    )
