// man_page.h: manual pages in roff, from a command line and a few paragraphs.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manual/command_tree.h"

namespace gk::manual {

/// A section after the generated ones. A line that begins with '-' is an entry of a list: "-term:
/// text"; other lines are paragraphs.
struct ManSection {
  std::string title;  ///< "FILES"
  std::vector<std::string> lines;
};

struct ManPage {
  std::string name;
  int section = 1;
  std::string summary;
  std::string origin;              ///< The command that makes the page, for its first line.
  std::vector<ManSection> before;  ///< Between SYNOPSIS and OPTIONS.
  std::vector<ManSection> after;
};

/// Name, synopsis, options and commands of `top`, framed by the page's own sections.
std::string man_page(const Command& top, const ManPage& page);

/// A page without a command line: only its sections.
std::string man_page(const ManPage& page);

/// `text` with what roff would take as its own escaped.
std::string roff(std::string_view text);

}  // namespace gk::manual
