"""The rules: which list a boot gets, and where a VM may go."""
