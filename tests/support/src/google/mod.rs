//! A stand-in for Cloud Run, Secret Manager, IAM and Resource Manager: stateful, and as strict as the real ones.
