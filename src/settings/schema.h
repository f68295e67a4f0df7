// schema.h: what this room asks of whoever knows the keys of the configuration.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gk::settings {

/// One thing that is wrong with a text.
struct Complaint {
  std::string file;
  int line = 0;  ///< 0: the text as a whole.
  std::string key;
  std::string message;  ///< Expected, with range, and what came.
};

/// One key with the value that holds.
struct Value {
  std::string key;
  std::string json;
  bool live = false;  ///< A change takes effect at once; otherwise at the next start.
};

struct Checked {
  std::vector<Complaint> complaints;  ///< Empty: the text is valid.
  std::vector<Value> values;          ///< All keys in a fixed order; of the defaults where absent.
};

class Schema {
 public:
  virtual ~Schema() = default;
  /// Thread: safe; no I/O.
  virtual Checked check(std::string_view text) const = 0;
  /// Lets the live keys of a valid text take effect. Thread: loop.
  virtual void apply(std::string_view text) = 0;
  /// JSON Schema (2020-12) of the file as an object.
  virtual std::string json_schema() const = 0;
};

/// "key: message (file:line)" of all, for a log line.
std::string text_of(const std::vector<Complaint>& complaints);

}  // namespace gk::settings
