// line_editor.h: reads lines from a terminal with editing, history and completion; from anything
// else as they are.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gk::cli {

/// Keys: arrows, Home, End, Backspace, Delete, Ctrl-A/E/K/U/W, Tab, Ctrl-C (empties the line),
/// Ctrl-D (ends, on an empty line).
/// Thread: compatible. Blocks.
class LineEditor {
 public:
  using Complete = std::function<std::vector<std::string>(const std::string& prefix)>;
  static constexpr std::size_t kHistory = 200;  // Source: chosen; the oldest goes.

  LineEditor(std::string prompt, Complete complete);
  /// The next line without its end; nullopt at the end of input.
  std::optional<std::string> read();

 private:
  std::optional<std::string> edit();
  bool on_key(char key);
  void on_escape();
  void recall(int step);
  void complete();
  void draw() const;
  std::size_t before(std::size_t at) const;
  std::size_t after(std::size_t at) const;

  const std::string prompt_;
  const Complete complete_;
  std::vector<std::string> history_;
  std::size_t recalled_ = 0;
  std::string line_;
  std::size_t at_ = 0;  // Byte of the cursor, between characters.
};

}  // namespace gk::cli
