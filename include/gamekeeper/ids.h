// ids.h: numeric ids that cannot be swapped by accident.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace gk {

/// A number that only compares with ids of the same kind. 0 is "none".
/// Thread: compatible (a value).
template <typename Tag>
struct Id {
  std::uint64_t value = 0;

  constexpr Id() = default;
  constexpr explicit Id(std::uint64_t v) : value(v) {}
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

}  // namespace gk

template <typename Tag>
struct std::hash<gk::Id<Tag>> {
  std::size_t operator()(gk::Id<Tag> id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value);
  }
};
