"""Facts about CPUs and guest kernels that plans are made with, as data."""
