//! The macro that joins domains' writes.

/// Joins the writes of several domains (and of a host) into one enum, so that a decision that spans them lands in
/// one commit. It writes the enum, the guard enum with each domain's guards nested, `From`, [`Write`](crate::Write)
/// and [`Lower`](crate::Lower); a store needs to know nothing of it.
///
/// # Example
///
/// `union_of_writes! { /// Docs. pub enum AnyWrite / AnyGuard { /// Docs. Profiles(ProfilesWrite), .. } }`, as the
/// facade's `writes.rs` has it.
#[macro_export]
macro_rules! union_of_writes {
    (
        $(#[$meta:meta])*
        pub enum $name:ident / $guard:ident {
            $( $(#[$variant_meta:meta])* $variant:ident($write:ty) ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        #[expect(clippy::exhaustive_enums, reason = "a new domain must fail to compile wherever guards are matched")]
        pub enum $name {
            $( $(#[$variant_meta])* $variant($write) ),+
        }

        /// The guards of every joined domain, nested, so that matching is exhaustive.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(clippy::exhaustive_enums, reason = "a new domain must fail to compile wherever guards are matched")]
        pub enum $guard {
            $( $(#[$variant_meta])* $variant(<$write as $crate::Write>::Guard) ),+
        }

        $(impl From<$write> for $name {
            fn from(write: $write) -> Self {
                Self::$variant(write)
            }
        })+

        impl $crate::Write for $name {
            type Guard = $guard;

            fn row(&self) -> $crate::RowName {
                match self { $( Self::$variant(write) => $crate::Write::row(write) ),+ }
            }

            fn guard(&self) -> $guard {
                match self { $( Self::$variant(write) => $guard::$variant($crate::Write::guard(write)) ),+ }
            }

            fn kind(&self) -> $crate::WriteKind {
                match self { $( Self::$variant(write) => $crate::Write::kind(write) ),+ }
            }

            fn apply(
                &self,
                batch: $crate::BatchId,
                rows: &mut $crate::kv::Rows<'_>,
            ) -> Result<$crate::Verdict, $crate::kv::Halt> {
                match self { $( Self::$variant(write) => $crate::Write::apply(write, batch, rows) ),+ }
            }

            fn memory(
                &self,
                batch: $crate::BatchId,
                rows: &mut $crate::kv::Rows<'_>,
            ) -> Result<$crate::Memory, $crate::kv::Halt> {
                match self { $( Self::$variant(write) => $crate::Write::memory(write, batch, rows) ),+ }
            }

            fn carries(&self, batch: $crate::BatchId) -> bool {
                match self { $( Self::$variant(write) => $crate::Write::carries(write, batch) ),+ }
            }
        }

        impl<T> $crate::Lower<T> for $name
        where
            $( $write: $crate::Lower<T> ),+
        {
            fn lower(&self, batch: $crate::BatchId, target: &mut T) {
                match self { $( Self::$variant(write) => $crate::Lower::lower(write, batch, target) ),+ }
            }
        }
    };
}
