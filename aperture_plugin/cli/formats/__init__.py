"""What `aperture check` prints, a module for each format; every one offers `show(checked, several=…)`."""
