//! What a query or a change answers, boxed: the ways to the file are built once, and not once for every kind of answer.

use std::any::Any;

use crate::error::Result;

/// An answer of any kind.
pub type Answer = Box<dyn Any + Send>;

/// Boxes an answer for its way.
pub fn boxed<T: Send + 'static>(answer: Result<T>) -> Result<Answer> {
    Ok(Box::new(answer?))
}

/// The answer itself. It must be of the kind that was boxed.
pub fn unboxed<T: 'static>(answer: Answer) -> T {
    *answer
        .downcast()
        .expect("whoever asks for an answer has boxed it")
}
