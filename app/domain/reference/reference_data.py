"""Reference data that plans are made with: facts about CPUs and guest kernels, replaceable without a release."""

from dataclasses import dataclass

from app.domain.cpu.cpu_names import CpuNames
from app.domain.reference.errata import ErrataTables
from app.domain.reference.kernels import KernelBehaviours
from app.domain.vcpu.id_registers import IdRegisters


@dataclass(frozen=True, slots=True)
class ReferenceData:
    names: CpuNames
    tables: ErrataTables
    kernels: KernelBehaviours
    id_registers: IdRegisters
