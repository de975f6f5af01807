//! A type of one's own around a database that has everything already.

/// Implements [`Kv`](vestibule_core::kv::Kv) and [`Sweep`](crate::Sweep) for a tuple struct by its first field, which has both: an adapter
/// hides so what it is made of. `vestibule-core` must be among its dependencies.
///
/// ```
/// use vestibule_kv::{Ordered, Threaded};
///
/// pub struct MyKv<D: Ordered>(Threaded<D>);
///
/// vestibule_kv::kv_through!(MyKv<D> where D: Ordered);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! kv_through {
    ($outer:ident $(<$of:ident> where $bounded:ident: $bound:path)?) => {
        impl$(<$of: $bound>)? $crate::Kv for $outer$(<$of>)? {
            async fn get(
                &self,
                keys: ::std::vec::Vec<$crate::Key>,
            ) -> ::core::result::Result<
                ::std::vec::Vec<::core::option::Option<$crate::Versioned>>,
                ::vestibule_core::StoreError,
            > {
                self.0.get(keys).await
            }

            async fn list(
                &self,
                partition: $crate::Partition,
                after: ::core::option::Option<::std::vec::Vec<u8>>,
                limit: usize,
            ) -> ::core::result::Result<
                ::std::vec::Vec<(::std::vec::Vec<u8>, $crate::Versioned)>,
                ::vestibule_core::StoreError,
            > {
                self.0.list(partition, after, limit).await
            }

            async fn apply(
                &self,
                batch: ::vestibule_core::BatchId,
                ops: ::std::vec::Vec<$crate::Op>,
            ) -> ::core::result::Result<$crate::Applied, ::vestibule_core::StoreError> {
                self.0.apply(batch, ops).await
            }

            async fn add(
                &self,
                key: $crate::Key,
                delta: i64,
                at_most: ::core::option::Option<i64>,
            ) -> ::core::result::Result<::core::option::Option<i64>, ::vestibule_core::StoreError> {
                self.0.add(key, delta, at_most).await
            }
        }

        impl$(<$of: $bound>)? $crate::Sweep for $outer$(<$of>)? {
            async fn sweep(
                &self,
                after: ::std::vec::Vec<u8>,
                limit: usize,
                dead: $crate::Dead,
            ) -> ::core::result::Result<$crate::Swept, ::vestibule_core::StoreError> {
                self.0.sweep(after, limit, dead).await
            }
        }
    };
}
