//! What the person allows, and whether a plan may be carried out.
//!
//! All guards look at the whole plan before the first write, and a guard that cannot be computed refuses. [`Admitted`] has no other
//! maker, so that nothing is written that was not looked at here.

use std::collections::BTreeSet;

use super::guards::{self, Allowance};
use super::plan::{Plan, RealmSize, Step};
use crate::words::{capitalized, counted};

/// What the person said.
#[derive(Debug, Clone, Default)]
pub struct Consent {
    /// Whether the plan was shown and agreed to: a typed yes, or `--yes`.
    pub given: bool,
    /// What is allowed by name (`--allow`).
    pub allow: BTreeSet<Allowance>,
}

/// How much a plan may take away unasked.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The share of a realm's redirect URIs, in percent.
    pub percent: usize,
    /// How many of a small realm's redirect URIs, where the share would be less; never more than half of them.
    pub few: usize,
}

impl Default for Limits {
    /// As octoDNS has it for zones: 30 percent from ten on.
    fn default() -> Self {
        Limits { percent: 30, few: 3 }
    }
}

impl Limits {
    /// How many of `all` redirect URIs may go. One always may: whether it is a client's last one is a question of its own.
    pub fn most(&self, all: usize) -> usize {
        let share = all.saturating_mul(self.percent) / 100;
        share.max(self.few.min(all / 2)).max(1)
    }
}

/// Why a plan is not carried out. Nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.objections.iter().map(|objection| objection.text.as_str()).collect::<Vec<_>>().join("\n"))]
pub struct Refusal {
    /// All that stands in the way.
    pub objections: Vec<Objection>,
}

/// One thing that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// What it is and what would lift it; a sentence.
    pub text: String,
    /// The step it is about, where it is about one.
    pub step: Option<usize>,
    /// What would have to be allowed; none where nothing lifts it.
    pub allowance: Option<Allowance>,
}

/// A plan that may be carried out: every guard was asked.
#[derive(Debug)]
pub struct Admitted<'p> {
    plan: &'p Plan,
}

impl<'p> Admitted<'p> {
    /// The plan.
    pub fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// Its steps, in the order in which they are to be made.
    pub fn steps(&self) -> &'p [Step] {
        &self.plan.steps
    }
}

impl Plan {
    /// Whether the plan may be carried out; all that stands in the way at once.
    pub fn admit(&self, consent: &Consent, limits: &Limits) -> Result<Admitted<'_>, Refusal> {
        let mut objections = Vec::new();
        if let Some(fault) = self.fault() {
            objections.push(Objection { text: fault, step: None, allowance: None });
            return Err(Refusal { objections });
        }
        for step in &self.steps {
            for (need, why) in guards::of_step(step) {
                objections.push(lacks(need, Some(step.number), &why));
            }
        }
        for (number, who) in guards::last_redirect_uris(&self.steps) {
            let why = format!("{who} is left without any redirect URI");
            objections.push(lacks(Allowance::LastRedirectUri, Some(number), &why));
        }
        objections.extend(self.realms.iter().filter_map(|size| too_many(size, &self.steps, limits)));
        objections.extend(self.steps.iter().filter_map(|step| self.is_uncounted(step)));
        // What the plan itself says that it needs counts as well.
        for step in &self.steps {
            for need in &step.needs {
                if !objections
                    .iter()
                    .any(|known| known.step == Some(step.number) && known.allowance == Some(*need))
                {
                    objections.push(lacks(*need, Some(step.number), "the plan says so"));
                }
            }
        }
        objections.retain(|objection| objection.allowance.is_none_or(|need| !consent.allow.contains(&need)));
        if !consent.given && !self.steps.is_empty() {
            objections.push(Objection {
                text: "Nobody agreed to the plan: type yes on a terminal, or pass --yes.".to_owned(),
                step: None,
                allowance: None,
            });
        }
        if objections.is_empty() { Ok(Admitted { plan: self }) } else { Err(Refusal { objections }) }
    }

    /// A step that takes redirect URIs away in a place of which the plan does not tell how many there are.
    fn is_uncounted(&self, step: &Step) -> Option<Objection> {
        let takes = |realm: Option<&str>| {
            let alone = RealmSize {
                realm: realm.map(str::to_owned),
                redirect_uris: None,
                targets: BTreeSet::from([step.target.clone()]),
            };
            guards::taken(&alone, std::slice::from_ref(step)) > 0
        };
        let uncounted = step.objects().into_iter().find(|object| {
            takes(object.realm())
                && !self.realms.iter().any(|size| {
                    size.realm.as_deref() == object.realm() && size.targets.contains(&step.target)
                })
        })?;
        let why = format!("how many redirect URIs the realm of {} has is not known", uncounted.describe());
        Some(lacks(Allowance::Many, Some(step.number), &why))
    }
}

fn too_many(size: &RealmSize, steps: &[Step], limits: &Limits) -> Option<Objection> {
    let taken = guards::taken(size, steps);
    if taken == 0 {
        return None;
    }
    let realm = size.realm.as_ref().map_or("a realm".to_owned(), |realm| format!("realm {realm}"));
    let why = match size.redirect_uris {
        None => format!("{realm} loses {}, and how many it has is not known", counted(taken, "redirect URI")),
        Some(all) if taken > limits.most(all) => {
            format!(
                "{realm} loses {taken} of {}, more than {}",
                counted(all, "redirect URI"),
                limits.most(all)
            )
        }
        Some(_) => return None,
    };
    Some(lacks(Allowance::Many, None, &why))
}

fn lacks(need: Allowance, step: Option<usize>, why: &str) -> Objection {
    let at = step.map_or_else(String::new, |step| format!("Step {step}: "));
    let why = if step.is_some() { why.to_owned() } else { capitalized(why) };
    Objection { text: format!("{at}{why}. It needs --allow {}.", need.word()), step, allowance: Some(need) }
}
