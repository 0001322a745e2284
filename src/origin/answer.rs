//! The answer of an endpoint, read: whole and as announced, or not at all.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{AGE, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, ETAG, TRANSFER_ENCODING, VARY};
use hyper::{HeaderMap, Response, StatusCode, Version};

use super::NoValue;
use super::value::ValueSoFar;
use super::wire::Ear;

/// How often what was read may wait for the connection to notice what follows it: it does so in its own task.
const TURNS: usize = 4;

/// What an endpoint answered.
#[derive(Debug)]
pub(crate) enum OriginAnswer {
    /// A value.
    Value(Bytes, AnswerHeaders),
    /// The value that was asked about is still the value.
    Unchanged(AnswerHeaders),
    /// There is none.
    Absent,
}

/// The headers of an answer that say how its value is kept; lines of the same name joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswerHeaders {
    /// `Leash-Cache-Control`.
    pub targeted: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Age`.
    pub age: Option<String>,
    /// `Vary`.
    pub vary: Option<String>,
    /// `Leash-Flags`.
    pub flags: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
}

impl AnswerHeaders {
    fn of(headers: &HeaderMap) -> Result<AnswerHeaders, NoValue> {
        let joined = |name: &str| -> Result<Option<String>, NoValue> {
            let lines: Result<Vec<&str>, _> = headers.get_all(name).iter().map(|line| line.to_str()).collect();
            let lines = lines.map_err(|_| NoValue::Broken)?;
            Ok((!lines.is_empty()).then(|| lines.join(", ")))
        };
        Ok(AnswerHeaders {
            targeted: joined("leash-cache-control")?,
            cache_control: joined(CACHE_CONTROL.as_str())?,
            age: joined(AGE.as_str())?,
            vary: joined(VARY.as_str())?,
            flags: joined("leash-flags")?,
            etag: headers.get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_string),
        })
    }
}

/// Reads an answer to its end; a body only as far as `value` takes it. `was_conditional` says whether "unchanged" is an
/// answer to what was asked.
pub(super) async fn read(
    answer: Response<Incoming>,
    value: ValueSoFar,
    was_conditional: bool,
) -> Result<OriginAnswer, NoValue> {
    match answer.status() {
        StatusCode::OK => {
            let headers = AnswerHeaders::of(answer.headers())?;
            body(answer, value).await.map(|body| OriginAnswer::Value(body, headers))
        }
        StatusCode::NOT_MODIFIED if was_conditional => AnswerHeaders::of(answer.headers()).map(OriginAnswer::Unchanged),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(OriginAnswer::Absent),
        other => Err(NoValue::Status(other.as_u16())),
    }
}

async fn body(answer: Response<Incoming>, mut value: ValueSoFar) -> Result<Bytes, NoValue> {
    let framing = Framing::of(&answer);
    if !framing.is_told {
        return Err(NoValue::Endless);
    }
    let mut body = answer.into_body();
    value.expects(body.size_hint().exact())?;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| NoValue::Broken)?.into_data() {
            value.take(&data)?;
        }
    }
    if framing.has_surplus().await { Err(NoValue::Broken) } else { Ok(value.whole()) }
}

/// How the end of a body is told.
struct Framing {
    /// Whether it is: without a word, a body that ends with its connection cannot be told from one that was cut off.
    is_told: bool,
    length: Option<u64>,
    /// Whether the connection serves for further answers.
    stays: bool,
    /// Listens to the connection, unless it is one that frames answers itself.
    ear: Option<Ear>,
}

impl Framing {
    fn of(answer: &Response<Incoming>) -> Framing {
        let headers = answer.headers();
        let ear = answer.extensions().get::<Ear>().cloned();
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let is_chunked = headers.contains_key(TRANSFER_ENCODING);
        let closes = headers.get(CONNECTION).is_some_and(|word| word.as_bytes().eq_ignore_ascii_case(b"close"));
        match answer.version() {
            Version::HTTP_2 => Framing { is_told: true, length: None, stays: true, ear: None },
            version => Framing {
                is_told: is_chunked || length.is_some(),
                length: length.filter(|_| !is_chunked),
                stays: version == Version::HTTP_11 && !closes,
                ear,
            },
        }
    }

    async fn has_surplus(&self) -> bool {
        let Some(ear) = &self.ear else { return false };
        for _ in 0..TURNS {
            if ear.heard().has_surplus(self.length, self.stays) {
                return true;
            }
            tokio::task::yield_now().await;
        }
        ear.heard().has_surplus(self.length, self.stays)
    }
}
