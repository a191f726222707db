//! The configuration: found, refused with its place, or left alone.
