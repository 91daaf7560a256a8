//! An ordered map whose clone is O(1): both clones share what is equal, a change copies O(log n) nodes.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Index;

use rpds::RedBlackTreeMapSync as Tree;

/// An ordered map whose clone is O(1).
///
/// A clone shares all entries with its original and never sees later changes of it. While nothing is shared, changes are
/// made in place; where something is, the O(log n) nodes on the way to the change are copied. It is `Send` and `Sync`.
pub struct Map<K, V> {
    tree: Tree<K, V>,
}

impl<K: Ord, V> Map<K, V> {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tree: Tree::new_sync(),
        }
    }

    /// Puts `value` under `key`; what was there is dropped.
    pub fn insert(&mut self, key: K, value: V) {
        self.tree.insert_mut(key, value);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// What is under `key`.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.tree.get(key)
    }

    /// Whether something is under `key`.
    #[must_use]
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.tree.contains_key(key)
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tree.size()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    /// Keys and values, by key.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter {
            inner: (&self.tree).into_iter(),
        }
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.iter().map(|(key, _)| key)
    }

    /// The values, by key.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.iter().map(|(_, value)| value)
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    /// What is under `key`, to be changed. Where a clone of the map shares it, it is cloned first.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        // Asking first, because a search that fails would unshare nodes for nothing.
        if self.tree.contains_key(key) {
            self.tree.get_mut(key)
        } else {
            None
        }
    }

    /// Takes out what is under `key`.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let value = self.tree.get(key).cloned()?;
        self.tree.remove_mut(key);
        Some(value)
    }
}

impl<K, V> Clone for Map<K, V>
where
    K: Ord,
{
    fn clone(&self) -> Self {
        Self {
            tree: self.tree.clone(),
        }
    }
}

impl<K: Ord, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord, V: PartialEq> PartialEq for Map<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.tree.ptr_eq(&other.tree) || self.tree == other.tree
    }
}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// # Panics
/// Where nothing is under the key, as with the maps of std; [`Map::get`] does not.
impl<K: Ord + Borrow<Q>, Q: Ord + ?Sized, V> Index<&Q> for Map<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        match self.get(key) {
            Some(value) => value,
            None => panic!("nothing is under this key; `get` asks without a panic"),
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self {
            tree: entries.into_iter().collect(),
        }
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

/// Keys and values of a [`Map`], by key.
pub struct Iter<'a, K: Ord, V> {
    inner: <&'a Tree<K, V> as IntoIterator>::IntoIter,
}

impl<'a, K: Ord, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.inner.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<K: Ord, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.inner.next_back()
    }
}

impl<K: Ord, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<K: Ord, V> fmt::Debug for Iter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters() -> Map<String, u32> {
        [("b", 2), ("a", 1), ("c", 3)]
            .map(|(key, value)| (key.to_owned(), value))
            .into_iter()
            .collect()
    }

    #[test]
    fn reads_like_a_map_of_std() {
        let map = letters();
        assert_eq!(map.get("a"), Some(&1));
        assert_eq!(map.get(&"b".to_owned()), Some(&2));
        assert_eq!(map.get("x"), None);
        assert_eq!(map["c"], 3);
        assert_eq!(map.len(), 3);
        assert!(!map.is_empty());
        assert!(map.contains_key("a"));
        assert_eq!(map.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(map.values().rev().copied().collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(map.iter().len(), 3);
        let mut sum = 0;
        for (_, value) in &map {
            sum += value;
        }
        assert_eq!(sum, 6);
        assert_eq!(format!("{map:?}"), r#"{"a": 1, "b": 2, "c": 3}"#);
    }

    #[test]
    fn clones_never_see_later_changes() {
        let mut map = letters();
        let before = map.clone();
        map.insert("d".to_owned(), 4);
        *map.get_mut("a").unwrap() = 10;
        assert_eq!(map.remove("b"), Some(2));
        assert_eq!(map.remove("b"), None);
        assert_eq!(map.get_mut("b"), None);
        assert_eq!(before, letters());
        assert_eq!(format!("{map:?}"), r#"{"a": 10, "c": 3, "d": 4}"#);
        map.clear();
        assert_eq!(map, Map::default());
        assert_eq!(before.len(), 3);
    }

    #[test]
    fn a_failed_search_unshares_nothing() {
        let mut map = letters();
        let before = map.clone();
        assert_eq!(map.remove("x"), None);
        assert_eq!(map.get_mut("x"), None);
        assert!(map.tree.ptr_eq(&before.tree));
    }
}
