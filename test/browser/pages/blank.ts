// A page without the package, for tests of the drivers themselves.
export {}
