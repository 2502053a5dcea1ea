"""The steps that `aperture doctor` walks, each a module of its own."""
