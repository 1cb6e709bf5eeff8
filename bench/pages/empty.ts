// A page with nothing on it: what a tab takes anyway.
export {}
