// route_table.h: finds the route of a method and path: literals by hash, patterns by segments.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http.h"

namespace gk::api {

using PathParams = std::map<std::string, std::string, std::less<>>;

/// Thread: compatible; find() does not allocate for a literal path.
class RouteTable {
 public:
  enum class Outcome : std::uint8_t { found, no_such_path, no_such_method };
  struct Match {
    Outcome outcome = Outcome::no_such_path;
    std::size_t route = 0;  ///< As given to add().
    std::string allow;      ///< "GET, POST" for no_such_method.
  };

  /// `pattern` is a path whose segments may be "{name}". False: method and pattern exist already.
  bool add(net::Method method, std::string_view pattern, std::size_t route);
  Match find(net::Method method, std::string_view path, PathParams& params) const;

 private:
  struct Methods {
    std::vector<std::pair<net::Method, std::size_t>> routes;
  };
  struct Pattern {
    std::vector<std::string> segments;  ///< "{name}" or literal.
    Methods methods;
  };
  Methods& methods_of(std::string_view pattern);
  static Match pick(const Methods& methods, net::Method method);
  static bool matches(const Pattern& pattern, std::string_view path, PathParams& params);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, Methods, Hash, std::equal_to<>> literals_;
  std::vector<Pattern> patterns_;
};

}  // namespace gk::api
