"""What runs on a host: reads the CPU identity that Linux shows there and reports it to the service.

It needs the standard library, and httpx only to send. It imports nothing of `app`, so that it starts at
once and can be shipped to a host alone.
"""
