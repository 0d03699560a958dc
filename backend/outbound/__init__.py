"""The only door through which the gateway asks URLs that users gave."""
