#include "api/route_table.h"

#include <algorithm>

namespace gk::api {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // '/'
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_param(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }

}  // namespace

RouteTable::Methods& RouteTable::methods_of(std::string_view pattern) {
  if (pattern.find('{') == std::string_view::npos) return literals_[std::string(pattern)];
  const auto segments = split(pattern);
  for (Pattern& known : patterns_) {
    if (known.segments == segments) return known.methods;
  }
  return patterns_.emplace_back(Pattern{segments, {}}).methods;
}

bool RouteTable::add(net::Method method, std::string_view pattern, std::size_t route) {
  Methods& methods = methods_of(pattern);
  for (const auto& [known, index] : methods.routes) {
    if (known == method) return false;
  }
  methods.routes.emplace_back(method, route);
  return true;
}

RouteTable::Match RouteTable::pick(const Methods& methods, net::Method method) {
  const net::Method wanted = method == net::Method::head ? net::Method::get : method;
  Match match;
  for (const auto& [known, route] : methods.routes) {
    if (known == wanted) return {Outcome::found, route, {}};
    match.allow += (match.allow.empty() ? "" : ", ") + std::string(net::method_name(known));
  }
  match.outcome = Outcome::no_such_method;
  return match;
}

bool RouteTable::matches(const Pattern& pattern, std::string_view path, PathParams& params) {
  PathParams found;
  for (const std::string& segment : pattern.segments) {
    if (path.empty()) return false;
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, std::min(path.find('/'), path.size()));
    if (is_param(segment)) {
      if (part.empty()) return false;
      found.emplace(segment.substr(1, segment.size() - 2), part);
    } else if (part != segment) {
      return false;
    }
    path.remove_prefix(part.size());
  }
  if (!path.empty()) return false;
  params = std::move(found);
  return true;
}

RouteTable::Match RouteTable::find(net::Method method, std::string_view path,
                                   PathParams& params) const {
  if (const auto it = literals_.find(path); it != literals_.end()) {
    return pick(it->second, method);
  }
  Match refused;
  for (const Pattern& pattern : patterns_) {
    if (!matches(pattern, path, params)) continue;
    Match match = pick(pattern.methods, method);
    if (match.outcome == Outcome::found) return match;
    refused = std::move(match);
  }
  return refused;
}

}  // namespace gk::api
