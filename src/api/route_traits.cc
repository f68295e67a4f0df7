// What a route says about its answers and its query, and the check of a query against it.

#include <algorithm>
#include <set>

#include "api/router_impl.h"
#include "base/assert.h"

namespace gk::api {
namespace {

/// "a, b or c" of "a|b|c".
std::string listed(std::string_view words) {
  std::string out;
  for (std::size_t end = words.find('|'); !words.empty(); end = words.find('|')) {
    const std::string_view word = words.substr(0, end);
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
    if (!out.empty()) out += words.empty() ? " or " : ", ";
    out += word;
  }
  return out;
}

bool is_word_of(std::string_view words, std::string_view word) {
  return word.find('|') == std::string_view::npos &&
         ("|" + std::string(words) + "|").find("|" + std::string(word) + "|") != std::string::npos;
}

/// What is wrong with the value of a parameter, or nothing.
std::optional<std::string> complaint_of(const Field& parameter, const std::string& value) {
  const std::string_view words = parameter.type == "boolean" ? "true|false" : parameter.type;
  if (words.find('|') == std::string_view::npos || is_word_of(words, value)) return std::nullopt;
  return "expected " + listed(words) + ", got \"" + value.substr(0, 40) + "\"";
}

std::string names_of(const std::vector<Field>& parameters) {
  if (parameters.empty()) return "this route takes no parameters";
  std::string out;
  for (const Field& parameter : parameters)
    out += (out.empty() ? "" : "|") + std::string(parameter.name);
  return "is unknown here; expected " + listed(out);
}

}  // namespace

RouteTraits& RouteTraits::answers(std::vector<int> statuses) {
  route_.answers = std::move(statuses);
  return *this;
}
RouteTraits& RouteTraits::query(std::vector<Field> parameters) {
  route_.query.insert(route_.query.end(), parameters.begin(), parameters.end());
  return *this;
}
RouteTraits& RouteTraits::media(std::string_view type) {
  route_.media = type;
  return *this;
}
RouteTraits& RouteTraits::request_media(std::string_view type) {
  route_.request_media = type;
  return *this;
}
RouteTraits& RouteTraits::import_body() {
  route_.body = net::BodySize::import;
  return *this;
}

std::optional<Problem> Router::Impl::refuse_query(const net::Request& request, const Route& route) {
  if (route.literal || request.query.empty()) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> errors;
  std::set<std::string> seen;
  for (const auto& [name, value] : request.query_params()) {
    const auto known = std::find_if(route.query.begin(), route.query.end(),
                                    [&](const Field& field) { return field.name == name; });
    if (known == route.query.end()) {
      errors.emplace_back(name.substr(0, 40), names_of(route.query));
    } else if (!seen.insert(name).second) {
      errors.emplace_back(name, "comes twice");
    } else if (auto complaint = complaint_of(*known, value)) {
      errors.emplace_back(name, std::move(*complaint));
    }
    if (errors.size() == kMaxQueryErrors) break;
  }
  if (errors.empty()) return std::nullopt;
  return invalid_request(std::move(errors));
}

}  // namespace gk::api
