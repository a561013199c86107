"""What a CPU says of itself: identification registers, implementations, and the CPUs that show them."""
