//! Pagination.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{BoxStream, Stream, StreamExt as _, TryStreamExt as _};
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::request::Request;

/// The most that Logto gives at once.
const PAGE_SIZE: usize = 100;

/// A list that is fetched as it is read: a [`Stream`] of its entries.
///
/// A change of the list meanwhile may make an entry appear twice or not at all, because Logto
/// counts pages from the beginning each time.
///
/// # Example
///
/// ```no_run
/// use logto_management::{Error, Management};
///
/// async fn first_user(management: &Management) -> Result<(), Error> {
///     let mut users = management.users().list();
///     if let Some(user) = users.try_next().await? {
///         println!("{}", user.id);
///     }
///     Ok(())
/// }
/// ```
#[must_use = "nothing is fetched before it is read"]
pub struct Pages<T>(BoxStream<'static, Result<T, Error>>);

impl Request {
    /// Everything that a list holds, fetched page by page as it is needed.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    /// use serde_json::Value;
    ///
    /// /// A list that has no typed call.
    /// async fn failed_exchanges(management: &Management) -> Result<Vec<Value>, Error> {
    ///     let logs = management.get(&["logs"]).query("logKey", "ExchangeTokenBy.AuthorizationCode");
    ///     let logs: Vec<Value> = logs.pages().all().await?;
    ///     Ok(logs.into_iter().filter(|log| log["payload"]["result"] == "Error").collect())
    /// }
    /// ```
    pub fn pages<T: DeserializeOwned + Send + 'static>(self) -> Pages<T> {
        Pages::new(self)
    }
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    fn new(request: Request) -> Self {
        let pages = futures::stream::try_unfold(Some(1), move |number| {
            let request = request.clone();
            async move {
                match number {
                    Some(number) => page(&request, number).await.map(Some),
                    None => Ok(None),
                }
            }
        });
        let entries = pages.map_ok(|entries: Vec<T>| futures::stream::iter(entries).map(Ok));
        Self(entries.try_flatten().boxed())
    }

    /// The whole list.
    ///
    /// # Errors
    ///
    /// Of the first request that fails.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let roles = management.roles().list().all().await?;
    /// println!("the tenant has {} roles", roles.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn all(self) -> Result<Vec<T>, Error> {
        self.0.try_collect().await
    }

    /// The next entry, or `None` at the end: as `try_next` of `futures::TryStreamExt`, without it.
    ///
    /// # Errors
    ///
    /// Of the request for the next page.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    ///
    /// /// Reads no further than it has to.
    /// async fn has_suspended_user(management: &Management) -> Result<bool, Error> {
    ///     let mut users = management.users().list();
    ///     while let Some(user) = users.try_next().await? {
    ///         if user.is_suspended {
    ///             return Ok(true);
    ///         }
    ///     }
    ///     Ok(false)
    /// }
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        self.0.try_next().await
    }
}

/// The entries of a page, and the number of the next.
async fn page<T: DeserializeOwned>(
    request: &Request,
    number: usize,
) -> Result<(Vec<T>, Option<usize>), Error> {
    let mut request = request.clone().query("page_size", &PAGE_SIZE.to_string());
    if number > 1 {
        request = request.query("page", &number.to_string());
    }
    let (headers, entries) = request.send_for_headers::<Vec<T>>().await?;
    let total = headers
        .get("total-number")
        .and_then(|total| total.to_str().ok())
        .and_then(|total| total.parse::<usize>().ok());
    // A list that does not know pages is sent as a whole, without a total.
    let more = total.is_some_and(|total| number * PAGE_SIZE < total) && !entries.is_empty();
    Ok((entries, more.then_some(number + 1)))
}

impl<T> Stream for Pages<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}
