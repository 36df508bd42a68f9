//! The requirements, one by one.

use std::time::Duration;

use super::kit::{Broken, Kit, LONG, ensure, entry_of, new_entry, new_key};
use crate::storage::{Entry, Expect, Version};

/// Of an entry whose end is waited for.
const SHORT: Duration = Duration::from_secs(1);

impl Kit<'_> {
    pub(super) async fn comes_back(&self) -> Result<(), Broken> {
        let all_bytes: Vec<u8> = (0..=u8::MAX).collect();
        for value in [Vec::new(), all_bytes, vec![7; 64 * 1024]] {
            let (key, written) = (new_key()?, entry_of(value)?);
            self.create(&key, &written, LONG).await?;
            let found = self.get(&key).await?;
            ensure(found.as_ref() == Some(&written), "another value or version")?;
        }
        ensure(self.get(&new_key()?).await?.is_none(), "something was found that was never stored")
    }

    pub(super) async fn order(&self) -> Result<(), Broken> {
        let keys = [new_key()?, new_key()?, new_key()?];
        let [first, missing, last] = keys.each_ref();
        let (one, two) = (new_entry()?, new_entry()?);
        self.create(first, &one, LONG).await?;
        self.create(last, &two, LONG).await?;
        let asked = [last.as_str(), missing, first, last];
        let found = self.0.get(&asked).await?;
        let expected = vec![Some(two.clone()), None, Some(one), Some(two)];
        ensure(found == expected, "the entries are not those of the keys")?;
        let none = self.0.get(&[]).await?;
        ensure(none.is_empty(), "no keys brought entries")
    }

    pub(super) async fn to_the_letter(&self) -> Result<(), Broken> {
        let key = new_key()?;
        self.create(&key, &new_entry()?, LONG).await?;
        for other in
            [key.to_uppercase(), format!("{key} "), format!("{key}_"), key.replace('-', "_")]
        {
            ensure(self.get(&other).await?.is_none(), "another key brought the entry")?;
        }
        Ok(())
    }

    pub(super) async fn absent(&self) -> Result<(), Broken> {
        let (key, first) = (new_key()?, new_entry()?);
        self.create(&key, &first, LONG).await?;
        let stored = self.put(&key, &new_entry()?, Expect::Absent).await?;
        ensure(!stored, "a second entry was stored as if there were none")?;
        ensure(self.get(&key).await? == Some(first), "the first entry is gone")
    }

    pub(super) async fn stale_version(&self) -> Result<(), Broken> {
        let (key, first, second) = (new_key()?, new_entry()?, new_entry()?);
        self.create(&key, &first, LONG).await?;
        let known = Expect::Version(first.version);
        ensure(self.put(&key, &second, known).await?, "the version that is there was refused")?;
        let stored = self.put(&key, &new_entry()?, known).await?;
        ensure(!stored, "a writer who knew an older version overwrote a newer one")?;
        ensure(self.get(&key).await? == Some(second), "the newer entry is gone")
    }

    pub(super) async fn removed(&self) -> Result<(), Broken> {
        let (key, first) = (new_key()?, new_entry()?);
        self.create(&key, &first, LONG).await?;
        ensure(self.0.remove(&key, None).await?, "there was nothing to remove")?;
        ensure(self.get(&key).await?.is_none(), "it is there after its removal")?;
        let stored = self.put(&key, &new_entry()?, Expect::Version(first.version)).await?;
        ensure(!stored && self.get(&key).await?.is_none(), "a late writer brought it back")?;
        ensure(!self.0.remove(&key, None).await?, "it could be removed twice")
    }

    pub(super) async fn version_removed(&self) -> Result<(), Broken> {
        let (key, first) = (new_key()?, new_entry()?);
        self.create(&key, &first, LONG).await?;
        let removed = self.0.remove(&key, Some(Version::random()?)).await?;
        ensure(!removed && self.get(&key).await?.is_some(), "another version was removed")?;
        let removed = self.0.remove(&key, Some(first.version)).await?;
        ensure(
            removed && self.get(&key).await?.is_none(),
            "the version that is there was not removed",
        )
    }

    pub(super) async fn put_and_removed(&self) -> Result<(), Broken> {
        let (key, other) = (new_key()?, new_key()?);
        let (first, second, lease) = (new_entry()?, new_entry()?, new_entry()?);
        self.create(&other, &lease, LONG).await?;
        let put = async |entry: &Entry, expect, version| {
            let removed = (other.as_str(), version);
            self.0.put_and_remove(&key, entry.clone(), expect, LONG, removed).await
        };
        ensure(
            put(&first, Expect::Absent, Version::random()?).await?,
            "a new entry was refused because the other one is of another version",
        )?;
        ensure(self.get(&other).await?.is_some(), "another version was removed")?;
        let known = Expect::Version(first.version);
        ensure(put(&second, known, lease.version).await?, "the version that is there was refused")?;
        ensure(self.get(&other).await?.is_none(), "the other entry was not removed")?;
        self.create(&other, &lease, LONG).await?;
        ensure(!put(&new_entry()?, known, lease.version).await?, "an older version was replaced")?;
        ensure(self.get(&other).await?.is_none(), "the other entry was left")?;
        ensure(self.get(&key).await? == Some(second), "another entry was stored")
    }

    pub(super) async fn one_wins(&self) -> Result<(), Broken> {
        let (key, first) = (new_key()?, new_entry()?);
        ensure(self.race(&key, Expect::Absent).await? == 1, "not exactly one created the entry")?;
        self.0.remove(&key, None).await?;
        self.create(&key, &first, LONG).await?;
        let winners = self.race(&key, Expect::Version(first.version)).await?;
        ensure(winners == 1, "not exactly one replaced the entry")
    }

    pub(super) async fn ends(&self) -> Result<(), Broken> {
        let (key, short) = (new_key()?, new_entry()?);
        self.create(&key, &short, SHORT).await?;
        self.until_gone(&key).await?;
        let known = Expect::Version(short.version);
        ensure(
            !self.put(&key, &new_entry()?, known).await?,
            "an entry was renewed after its time",
        )?;
        ensure(!self.0.remove(&key, None).await?, "an entry could be removed after its time")?;
        ensure(
            self.put(&key, &new_entry()?, Expect::Absent).await?,
            "after its time the entry is not taken for absent",
        )
    }

    pub(super) async fn renews(&self) -> Result<(), Broken> {
        let (key, first, second) = (new_key()?, new_entry()?, new_entry()?);
        self.create(&key, &first, SHORT).await?;
        let known = Expect::Version(first.version);
        ensure(self.put(&key, &second, known).await?, "the version that is there was refused")?;
        // Stored last and for as long as the first: when this one is gone, that time has passed.
        let measure = new_key()?;
        self.create(&measure, &new_entry()?, SHORT).await?;
        self.until_gone(&measure).await?;
        ensure(
            self.get(&key).await? == Some(second),
            "the entry ended with the time of an older write",
        )
    }

    pub(super) async fn ping(&self) -> Result<(), Broken> {
        Ok(self.0.ping().await?)
    }

    pub(super) async fn announces(&self) -> Result<(), Broken> {
        let messages = [new_key()?, new_key()?, new_key()?];
        let [first, second, third] = messages.each_ref();
        let subscriptions = (self.0.subscribe().await?, self.0.subscribe().await?);
        let (Some(mut one), Some(mut other)) = subscriptions else {
            // Without subscriptions it does nothing, and that without an error.
            return Ok(self.0.announce(first).await?);
        };
        self.0.announce(first).await?;
        self.0.announce(second).await?;
        for subscription in [&mut one, &mut other] {
            Self::hears(subscription.as_mut(), first, second).await?;
            Self::hears(subscription.as_mut(), second, first).await?;
        }
        drop(one);
        self.0.announce(third).await?;
        Self::hears(other.as_mut(), third, second).await
    }
}
