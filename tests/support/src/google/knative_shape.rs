//! A service and its revisions in the v1 (Knative) shape, from and to the v2 shape of the store.
