"""Will KVM of a host take the vCPU of a VM? Views of hosts, states of VMs, and the rules between them."""
