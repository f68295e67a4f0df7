#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include <sstream>

#include "manual/command_line.h"
#include "manual/completion.h"
#include "manual/man_page.h"

namespace gk::manual {
namespace {

/// A program with every kind of option, two levels deep.
class Specimen : public testing::Test {
 protected:
  Specimen() {
    app_.add_option("--data", data_, "Folder: [the] one")->capture_default_str();
    app_.add_flag("-j,--json", json_, "Don't decorate");
    app_.add_option("--print", data_, "Hidden")->group("");
    auto* macro = app_.add_subcommand("macro", "Macros");
    auto* run = macro->add_subcommand("run", "Run one");
    run->add_option("--level", data_, "How strict")->check(CLI::IsMember({"safe", "risky"}));
    run->add_option("--port", port_, "Where")->check(CLI::Range(1, 9))->capture_default_str();
    run->add_option("command", words_, "What")->required();
    app_.add_subcommand("status", "One look");
    tree_ = command_tree(app_);
  }
  const Option& option(const Command& command, const std::string& name) const {
    for (const Option& o : command.options) {
      if (o.names.back() == name) return o;
    }
    throw std::out_of_range(name);
  }

  std::string data_ = "/home/somebody/data";
  bool json_ = false;
  int port_ = 7;
  std::vector<std::string> words_;
  CLI::App app_{"A specimen", "spec"};
  Command tree_;
};

TEST_F(Specimen, TreeHasOptionsWithTheirKind) {
  const Command& run = tree_.subcommands[0].subcommands[0];
  EXPECT_EQ(option(tree_, "--json").names, (std::vector<std::string>{"-j", "--json"}));
  EXPECT_EQ(option(tree_, "--json").value, "");
  EXPECT_EQ(option(run, "--level").choices, (std::vector<std::string>{"safe", "risky"}));
  EXPECT_EQ(option(run, "--level").value, "TEXT");
  EXPECT_EQ(option(run, "--port").value, "INT");
  EXPECT_EQ(option(run, "--port").fallback, "7");
  EXPECT_TRUE(option(run, "command").positional);
  EXPECT_TRUE(option(run, "command").repeatable);
  EXPECT_TRUE(option(run, "command").required);
}

TEST_F(Specimen, TreeLeavesOutHiddenOptionsAndPathsOfThisMachine) {
  EXPECT_THROW(option(tree_, "--print"), std::out_of_range);
  EXPECT_EQ(option(tree_, "--data").fallback, "");
}

TEST_F(Specimen, OptionsOfTheCommandsAboveMayBeWrittenBelow) {
  const auto all = places(tree_);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[2].path, "macro run");
  std::vector<std::string> names;
  for (const Option* o : all[2].options) names.push_back(o->names.back());
  EXPECT_EQ(names, (std::vector<std::string>{"--help", "--level", "--port", "command", "--data",
                                             "--json"}));
}

TEST_F(Specimen, ManualPageEscapesWhatRoffWouldTake) {
  EXPECT_EQ(roff(".a-b\\c"), "\\&.a\\-b\\ec");
  EXPECT_EQ(roff("'x"), "\\&'x");
}

TEST_F(Specimen, ManualPageHasEveryCommandWithItsUsage) {
  const std::string page =
      man_page(tree_, {.name = "spec",
                       .summary = "a specimen",
                       .origin = "spec --print man",
                       .after = {{"FILES", {"Text.", "-/etc/spec: its settings"}}}});
  EXPECT_NE(page.find("\\fBspec macro run\\fR [\\fIOPTIONS\\fR] \\fIcommand\\fR...\n"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("\\fB\\-\\-level\\fR safe|risky\nHow strict\n"), std::string::npos) << page;
  EXPECT_NE(page.find(".SH FILES\nText.\n.TP\n\\fB/etc/spec\\fR\nits settings\n"),
            std::string::npos)
      << page;
  EXPECT_EQ(page.find("spec macro\""), std::string::npos) << "only leaves are described";
}

TEST_F(Specimen, CompletionsQuoteDescriptions) {
  EXPECT_NE(fish_completion(tree_, "x").find("-d 'Don\\'t decorate'"), std::string::npos);
  EXPECT_NE(zsh_completion(tree_, "x").find("'--data[Folder\\: \\[the\\] one]:TEXT:_files'"),
            std::string::npos);
  EXPECT_NE(zsh_completion(tree_, "x").find("'--json[Don'\\''t decorate]'"), std::string::npos);
}

TEST_F(Specimen, BashCompletionKnowsEachPlace) {
  const std::string script = bash_completion(tree_, "x");
  EXPECT_NE(script.find("'macro') words='run' options='-h --help --data -j --json' ;;"),
            std::string::npos)
      << script;
  EXPECT_NE(script.find("'macro run|--level') words='safe risky' ;;"), std::string::npos);
}

class WrongWords : public testing::Test {
 protected:
  WrongWords() {
    parser_.top().require_subcommand();
    CommandLine macro = parser_.top().add_subcommand("macro", "Macros");
    macro.require_subcommand();
    macro.add_subcommand("run", "Run one").add_option("command", word_, "What").required();
    macro.add_subcommand("stop", "Stop one");
  }
  std::string said(std::vector<const char*> words) {
    words.insert(words.begin(), "spec");
    std::ostringstream out, err;
    const Parsed parsed = parser_.parse(static_cast<int>(words.size()), words.data(), out, err);
    EXPECT_EQ(parsed, Parsed::wrong);
    return err.str().substr(0, err.str().find('\n'));
  }
  std::string word_;
  CommandParser parser_{"A specimen", "spec"};
};

TEST_F(WrongWords, AreNamedWithWhatCouldStandThere) {
  EXPECT_EQ(said({}), "spec: expected one of macro");
  EXPECT_EQ(said({"frob"}), "spec: expected one of macro, got frob");
  EXPECT_EQ(said({"macro"}), "spec macro: expected one of run, stop");
  EXPECT_EQ(said({"macro", "halt"}), "spec macro: expected one of run, stop, got halt");
  EXPECT_EQ(said({"macro", "run"}), "spec macro run: command is required");
}

}  // namespace
}  // namespace gk::manual
