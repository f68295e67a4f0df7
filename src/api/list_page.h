// list_page.h: one page of a list that a handler gave whole. For lists that are bounded and in
// memory anyway; what is long (audit, cancellations, logs) pages where it is read.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"
#include "net/http.h"

namespace gk::api {

inline constexpr std::size_t kMaxPage = 1'000;  // Source: platform specification, HTTP rules

struct PageWish {
  std::size_t limit = kMaxPage;  ///< [1, 1000]
  std::size_t index = 0;         ///< Of the first item, unless `after` says better.
  std::string after;             ///< Key of the last item of the page before; empty: the first.
};

/// ?limit= and ?cursor=.
/// Errors: invalid_argument (not a number from 1 to 1000; not a cursor that page_of() gave).
Result<PageWish> read_page_wish(const net::Request& request);

/// A cursor for a list whose handler pages by itself: `place` is what the next page begins behind.
std::string seal_cursor(std::string_view place);
/// The place of ?cursor=, empty without one.
/// Errors: invalid_argument (not what seal_cursor() gave).
Result<std::string> read_cursor(const net::Request& request);

/// `body` is {"items":[{…},…],…}, perhaps with "next_cursor":null after them; the answer has the
/// items of the wish, and a next_cursor when more follow. `key` is the member of an item that tells
/// items apart. An item that was removed between two pages does not disturb; one that was added may
/// be missed. Cost: O(bytes of `body`), no tree is built. Errors: internal (`body` is not such a
/// list: a bug of ours).
Result<std::string> page_of(std::string_view body, std::string_view key, const PageWish& wish);

}  // namespace gk::api
