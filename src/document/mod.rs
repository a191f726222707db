//! Documents: YAML and JSON as one tree, and where in the text a field stands.

pub mod cursor;
pub mod node;

pub use node::Node;
