//! A proxy between a client and a server that makes things go wrong: slow, cut, garbage, errors.
