//! What the model is made of: Logto, the store, three instances, and the steps from one state to
//! the next.

use super::{Faults, Rules, Violation};

const INSTANCES: usize = 3;
/// Half seconds for which Logto takes a refresh token that it has replaced: its 3 s.
const REUSE: u8 = 6;
/// Half seconds that a request to Logto is on its way at most.
const REQUEST: u8 = 1;
/// Half seconds until its answer is there at most. An instance that dies later than so after
/// the replacement of its token cannot be followed in time.
const ANSWER: u8 = 3;
/// Half seconds that an outage takes at most.
const OUTAGE: u8 = 10;
/// Half seconds in which others come first after an outage of the store.
const HEAD_START: u8 = 2;
/// By how many half seconds the clocks of the instances are ahead.
const CLOCKS: [i8; INSTANCES] = [0, 4, -4];
const TOKENS: usize = 6;

type Token = u8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// Its requests wait for a lease, or for what another instance brings.
    Asking,
    Leased,
    Holding(Token),
    Sent(Token),
    /// Logto has answered; it may have replaced the token.
    Answering(Token, Option<Token>),
    Answered(Token, Option<Token>),
    Done,
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Instance {
    step: Step,
    /// Half seconds since it asked Logto.
    waits: u8,
    has_lease: bool,
    /// No other instance can have had its lease since it was taken.
    is_sure: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Trouble {
    None,
    /// The instance stands still.
    Paused(usize),
    /// The instance does not reach the store.
    Cut(usize),
    /// No instance does.
    Down,
    /// There was some, or an instance is dead: no more of it.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    instances: [Instance; INSTANCES],
    /// The refresh token of the session, unless that has ended.
    session: Option<Token>,
    is_refreshed: bool,
    is_over: bool,
    lease: Option<(usize, i8)>,
    trouble: Trouble,
    trouble_age: u8,
    since_outage: u8,
    /// Whether the first token has lived long enough for Logto to replace it.
    is_due: bool,
    /// Half seconds since each token was replaced.
    replaced: [Option<u8>; TOKENS],
    sent: [u8; TOKENS],
    newest: Token,
    is_revoked: bool,
    may_lose_sign: bool,
    may_sign_out: bool,
    may_stop: bool,
}

impl State {
    pub(super) fn new(faults: Faults) -> Self {
        let step = |number| if faults.stop && number > 0 { Step::Done } else { Step::Asking };
        let may_trouble = faults.instance || faults.connection || faults.store;
        Self {
            instances: [0, 1, 2].map(|number| Instance {
                step: step(number),
                waits: 0,
                has_lease: false,
                is_sure: false,
            }),
            session: Some(0),
            is_refreshed: false,
            is_over: false,
            lease: None,
            trouble: if may_trouble { Trouble::None } else { Trouble::Over },
            trouble_age: 0,
            since_outage: HEAD_START,
            is_due: false,
            replaced: [None; TOKENS],
            sent: [0; TOKENS],
            newest: 0,
            is_revoked: false,
            may_lose_sign: faults.sign_of_life,
            may_sign_out: faults.sign_out,
            may_stop: faults.stop,
        }
    }

    fn runs(&self, number: usize) -> bool {
        self.trouble != Trouble::Paused(number)
    }

    fn reaches_store(&self, number: usize) -> bool {
        self.runs(number) && ![Trouble::Down, Trouble::Cut(number)].contains(&self.trouble)
    }

    fn is_lease_free(&self, rules: Rules, number: usize) -> bool {
        self.lease.is_none_or(|(owner, left)| {
            !rules.store_time && left + CLOCKS[owner] - CLOCKS[number] <= 0
        })
    }

    /// What this instance does next, if it need not wait for anything.
    fn next_step(mut self, rules: Rules, number: usize) -> Option<Self> {
        let Instance { step, .. } = self.instances[number];
        let reaches_store = self.reaches_store(number);
        let next = match step {
            Step::Asking if reaches_store && (self.is_refreshed || self.is_over) => Step::Done,
            Step::Asking
                if reaches_store
                    && self.is_lease_free(rules, number)
                    && !(rules.head_start && self.since_outage < HEAD_START) =>
            {
                self.lease = Some((number, rules.lease));
                (self.instances[number].has_lease, self.instances[number].is_sure) = (true, true);
                Step::Leased
            }
            Step::Leased if reaches_store => match self.session {
                Some(token) if !self.is_refreshed => Step::Holding(token),
                _ => self.give_back(number),
            },
            Step::Holding(_)
                if self.runs(number)
                    && rules.begins_again
                    && !(self.instances[number].is_sure && self.owns_lease(number)) =>
            {
                self.give_back(number);
                Step::Asking
            }
            Step::Holding(token) if self.runs(number) => {
                self.instances[number].waits = 0;
                self.sent[usize::from(token)] += 1;
                Step::Sent(token)
            }
            Step::Answered(sent, brought) if reaches_store => {
                self.store(rules, sent, brought);
                self.give_back(number)
            }
            _ => return None,
        };
        self.instances[number].step = next;
        Some(self)
    }

    fn owns_lease(&self, number: usize) -> bool {
        self.lease.is_some_and(|(owner, _)| owner == number)
    }

    fn give_back(&mut self, number: usize) -> Step {
        if self.owns_lease(number) {
            self.lease = None;
        }
        self.instances[number].has_lease = false;
        Step::Done
    }

    fn store(&mut self, rules: Rules, sent: Token, brought: Option<Token>) {
        match self.session {
            None if rules.compares => {}
            Some(found) if rules.merges => {
                self.session = Some(brought.filter(|_| found == sent).unwrap_or(found));
                self.is_refreshed = true;
            }
            _ => {
                self.session = Some(brought.unwrap_or(sent));
                self.is_refreshed = true;
            }
        }
    }

    /// Logto redeems what an instance sent. For three seconds it takes a token that it has
    /// replaced, and then ends everything that was issued for the sign-in.
    fn redeem(mut self, number: usize) -> Option<Self> {
        let Step::Sent(token) = self.instances[number].step else {
            return None;
        };
        let replaced = self.replaced[usize::from(token)];
        if self.is_revoked || self.is_over || replaced.is_some_and(|age| age > REUSE) {
            self.is_revoked = true;
            self.instances[number].step = Step::Done;
            return Some(self);
        }
        let brought = (replaced.is_some() || (token == 0 && self.is_due)).then(|| {
            self.newest += 1;
            self.replaced[usize::from(token)] = Some(0);
            self.newest
        });
        self.instances[number].step = Step::Answering(token, brought);
        Some(self)
    }

    fn arrive(mut self, number: usize) -> Option<Self> {
        let Step::Answering(sent, brought) = self.instances[number].step else {
            return None;
        };
        self.instances[number].step = Step::Answered(sent, brought);
        self.runs(number).then_some(self)
    }

    /// Half a second passes. Each holder gives a sign of life, if it can.
    fn tick(mut self, rules: Rules) -> Option<Self> {
        let is_busy = (0..INSTANCES).any(|number| {
            let Instance { step, waits, .. } = self.instances[number];
            let is_late = match step {
                Step::Sent(_) => waits >= REQUEST,
                Step::Answering(..) => waits >= ANSWER && self.runs(number),
                _ => false,
            };
            is_late || self.next_step(rules, number).is_some()
        });
        let is_trouble = !matches!(self.trouble, Trouble::None | Trouble::Over);
        if is_busy || (is_trouble && self.trouble_age >= OUTAGE) {
            return None;
        }
        self.trouble_age += u8::from(is_trouble);
        self.since_outage = HEAD_START.min(self.since_outage + 1);
        for age in self.replaced.iter_mut().flatten() {
            *age = (REUSE + 1).min(*age + 1);
        }
        if let Some((_, left)) = &mut self.lease {
            *left = (*left - 1).max(-8);
        }
        if rules.store_time {
            self.lease = self.lease.filter(|(_, left)| *left > 0);
        }
        for number in 0..INSTANCES {
            let (reaches_store, owns_lease) = (self.reaches_store(number), self.owns_lease(number));
            let Instance { step, waits, has_lease, is_sure } = &mut self.instances[number];
            let asks = matches!(step, Step::Sent(_) | Step::Answering(..));
            *waits = ANSWER.min(*waits + u8::from(asks));
            let works = !matches!(step, Step::Asking | Step::Done | Step::Dead);
            let is_free = self.lease.is_none() && rules.regains;
            if works && *has_lease && reaches_store && (owns_lease || is_free) {
                *is_sure &= owns_lease;
                self.lease = Some((number, rules.lease));
            }
        }
        Some(self)
    }

    /// Everything that may happen now.
    pub(super) fn successors(&self, rules: Rules, faults: Faults) -> Vec<(&'static str, Self)> {
        let mut all = Vec::new();
        let mut may = |what, next: Option<Self>| all.extend(next.map(|next| (what, next)));
        may("half a second", self.tick(rules));
        if !self.is_due {
            may("the token is due", Some(Self { is_due: true, ..*self }));
        }
        if self.may_sign_out && self.trouble != Trouble::Down {
            let next = Self { session: None, is_over: true, may_sign_out: false, ..*self };
            may("sign-out", Some(next));
        }
        match self.trouble {
            Trouble::Paused(_) | Trouble::Cut(_) => {
                may("the trouble ends", Some(Self { trouble: Trouble::Over, ..*self }));
            }
            Trouble::Down => {
                let next = Self { trouble: Trouble::Over, since_outage: 0, ..*self };
                may("the store is back", Some(next));
            }
            Trouble::None if faults.store => {
                may("the store is down", Some(Self { trouble: Trouble::Down, ..*self }));
            }
            Trouble::None | Trouble::Over => {}
        }
        for number in 0..INSTANCES {
            may("a step", self.next_step(rules, number));
            may("Logto redeems", self.redeem(number));
            may("an answer arrives", self.arrive(number));
            let Instance { step, has_lease, .. } = self.instances[number];
            if matches!(step, Step::Done | Step::Dead) {
                continue;
            }
            if self.may_lose_sign && has_lease && !rules.regains {
                let mut next = *self;
                next.instances[number].has_lease = false;
                may(
                    "the answer to a sign of life is lost",
                    Some(Self { may_lose_sign: false, ..next }),
                );
            }
            if matches!(step, Step::Answered(..)) && !rules.keeps && !self.reaches_store(number) {
                let mut next = *self;
                next.give_back(number);
                next.instances[number].step = Step::Asking;
                may("an answer is given up", Some(next));
            }
            let mut dead = *self;
            dead.instances[number].step = Step::Dead;
            if self.may_stop {
                let next = if rules.drains { *self } else { dead };
                may("a process is told to stop", Some(Self { may_stop: false, ..next }));
            }
            if self.trouble == Trouble::None {
                if faults.instance {
                    may("an instance dies", Some(Self { trouble: Trouble::Over, ..dead }));
                    may(
                        "an instance stands still",
                        Some(Self { trouble: Trouble::Paused(number), ..*self }),
                    );
                }
                if faults.connection {
                    may(
                        "an instance is cut off",
                        Some(Self { trouble: Trouble::Cut(number), ..*self }),
                    );
                }
            }
        }
        all
    }

    pub(super) fn has(&self, violation: Violation, faults: Faults) -> bool {
        let is_held = self.instances.iter().any(|instance| {
            matches!(instance.step, Step::Answering(_, Some(_)) | Step::Answered(_, Some(_)))
        });
        let is_dead =
            |token: Token| self.replaced[usize::from(token)].is_some_and(|age| age > REUSE);
        let may_repeat = faults.instance || faults.connection;
        match violation {
            Violation::Lost => {
                !self.is_over
                    && (self.is_revoked || (self.session.is_some_and(is_dead) && !is_held))
            }
            Violation::Stayed => self.is_over && self.session.is_some(),
            Violation::Twice => !may_repeat && self.sent.iter().any(|times| *times > 1),
        }
    }
}
