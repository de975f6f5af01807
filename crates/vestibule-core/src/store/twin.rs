//! The macro that writes a store trait and its object-safe twin.

/// Writes a trait of questions to a store: the native trait, its implementations for `&T`, `Arc<T>` and
/// [`Shared`](crate::Shared), and the object-safe twin of the same name in a module `dynamic`.
///
/// Arguments go by value; every answer is `Result<_, StoreError>`. One invocation a module.
///
/// # Example
///
/// A trait with one question, asked of an erased store:
///
/// ```
/// mod reads {
///     vestibule_core::store_trait! {
///         /// Reads of a counter.
///         pub trait CounterRead {
///             /// How far it has come.
///             fn count(name: u64) -> u64;
///         }
///     }
/// }
/// use reads::{CounterRead, dynamic};
/// use vestibule_core::{Shared, StoreError};
///
/// struct Zero;
/// impl CounterRead for Zero {
///     async fn count(&self, _name: u64) -> Result<u64, StoreError> {
///         Ok(0)
///     }
/// }
///
/// async fn ask() -> Result<u64, StoreError> {
///     let erased: Shared<dyn dynamic::CounterRead> = Shared::new(std::sync::Arc::new(Zero));
///     erased.count(7).await
/// }
/// # let _ = ask();
/// ```
#[macro_export]
macro_rules! store_trait {
    (
        $(#[$meta:meta])*
        pub trait $name:ident {
            $(
                $(#[$method_meta:meta])*
                fn $method:ident($($arg:ident : $ty:ty),* $(,)?) -> $out:ty;
            )*
        }
    ) => {
        $(#[$meta])*
        ///
        /// # Errors
        ///
        /// Every method: [`StoreError`]($crate::StoreError) when the store cannot answer.
        pub trait $name: Send + Sync {
            $(
                $(#[$method_meta])*
                fn $method(&self, $($arg: $ty),*)
                -> impl ::core::future::Future<Output = Result<$out, $crate::StoreError>> + Send;
            )*
        }

        #[deny(clippy::missing_trait_methods)]
        impl<T: $name> $name for &T {
            $(fn $method(&self, $($arg: $ty),*)
            -> impl ::core::future::Future<Output = Result<$out, $crate::StoreError>> + Send {
                <T as $name>::$method(self, $($arg),*)
            })*
        }

        #[deny(clippy::missing_trait_methods)]
        impl<T: $name> $name for ::std::sync::Arc<T> {
            $(fn $method(&self, $($arg: $ty),*)
            -> impl ::core::future::Future<Output = Result<$out, $crate::StoreError>> + Send {
                <T as $name>::$method(self, $($arg),*)
            })*
        }

        #[deny(clippy::missing_trait_methods)]
        impl<T: dynamic::$name + ?Sized> $name for $crate::Shared<T> {
            $(fn $method(&self, $($arg: $ty),*)
            -> impl ::core::future::Future<Output = Result<$out, $crate::StoreError>> + Send {
                dynamic::$name::$method(self.inner(), $($arg),*)
            })*
        }

        /// The object-safe twin, in a module of its own: both traits in one scope would make every call ambiguous.
        pub mod dynamic {
            #[allow(unused_imports, reason = "argument types are named as in the parent module")]
            use super::*;

            #[doc = concat!("Object-safe twin of [`", stringify!($name), "`](super::", stringify!($name), ").")]
            ///
            /// # Errors
            ///
            /// As the native trait.
            pub trait $name: Send + Sync {
                $(
                    $(#[$method_meta])*
                    fn $method<'a>(&'a self, $($arg: $ty),*)
                    -> $crate::BoxFuture<'a, Result<$out, $crate::StoreError>>;
                )*
            }

            impl<T: super::$name> $name for T {
                $(fn $method<'a>(&'a self, $($arg: $ty),*)
                -> $crate::BoxFuture<'a, Result<$out, $crate::StoreError>> {
                    Box::pin(super::$name::$method(self, $($arg),*))
                })*
            }
        }
    };
}
