// The table of options: complete, consistent, and the same through text and JSON.
#include "optim/options.h"

#include <gtest/gtest.h>

#include <cctype>
#include <limits>
#include <set>

#include "renderer/error.h"

namespace penumbra {
namespace {

template <class Action> std::string messageOf(Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::Usage);
    return error.what();
  }
  return "(no error)";
}

// Another value than the default's, in range.
double otherValue(const Option& option) {
  const double initial = option.get(FitOptions{});
  return initial == option.max ? option.min : option.max;
}

FitOptions allChanged() {
  FitOptions options;
  for (const Option& option : fitOptionTable()) option.set(options, otherValue(option));
  options.elevationMin = -30;
  options.elevationMax = 45.5;
  options.startMesh = "gr\xC3\xBC\xC3\x9F e.obj";
  return options;
}

TEST(Options, rowsAreCompleteAndNamesUnique) {
  std::set<std::string> names, docs, labels;
  for (const Option& option : fitOptionTable()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_TRUE(docs.insert(option.doc).second) << option.name;
    EXPECT_TRUE(labels.insert(std::string(option.group) + option.label).second) << option.name;
    for (const char c : std::string(option.name))
      EXPECT_TRUE(std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '_')
          << option.name;
    EXPECT_EQ(std::string(option.doc).back(), '.') << option.name;
    EXPECT_LT(option.min, option.max) << option.name;
    EXPECT_EQ(option.scale == OptionScale::Choice, !option.choices.empty()) << option.name;
    EXPECT_TRUE(option.scale != OptionScale::Log || option.min > 0) << option.name;
  }
}

TEST(Options, everyMemberHasARow) {
  const FitOptions defaults, changed = allChanged();
  std::size_t bytes = 0;
  for (const Option& option : fitOptionTable()) EXPECT_NE(option.get(defaults), option.get(changed)) << option.name;
  // All rows, written over a struct that differs everywhere, give the defaults back (all but the file name).
  FitOptions back = changed;
  for (const Option& option : fitOptionTable()) option.set(back, option.get(defaults));
  back.startMesh.clear();
  EXPECT_EQ(back, defaults);
  for (const Option& option : fitOptionTable()) {
    if (option.scale == OptionScale::Toggle) bytes += sizeof(bool);
    else if (option.scale == OptionScale::Linear || option.scale == OptionScale::Log) bytes += sizeof(double);
    else bytes += sizeof(int);
  }
  EXPECT_LE(bytes + sizeof(std::string), sizeof(FitOptions));
  EXPECT_GE(bytes + sizeof(std::string) + 8 * alignof(FitOptions), sizeof(FitOptions)) << "a member without a row?";
}

TEST(Options, defaultsPassTheirOwnChecks) { EXPECT_NO_THROW(checkOptions(FitOptions{})); }

TEST(Options, rowsDoNotDisturbEachOther) {
  for (const Option& option : fitOptionTable()) {
    FitOptions options;
    setOption(options, option, otherValue(option));
    for (const Option& other : fitOptionTable()) {
      const double expected = &other == &option ? otherValue(option) : other.get(FitOptions{});
      EXPECT_EQ(other.get(options), expected) << option.name << " against " << other.name;
    }
  }
}

TEST(Options, textRoundTrips) {
  const FitOptions changed = allChanged();
  for (const FitOptions& source : {FitOptions{}, changed})
    for (const Option& option : fitOptionTable()) {
      FitOptions target;
      setOption(target, option, std::string_view(optionText(source, option)));
      EXPECT_EQ(option.get(target), option.get(source)) << option.name;
    }
}

TEST(Options, jsonRoundTripsAndHoldsDifferencesOnly) {
  EXPECT_EQ(optionsToJson(FitOptions{}), "{}");
  for (const bool onlyDifferences : {true, false}) {
    EXPECT_EQ(optionsFromJson(optionsToJson(allChanged(), onlyDifferences)), allChanged());
    EXPECT_EQ(optionsFromJson(optionsToJson(FitOptions{}, onlyDifferences)), FitOptions{});
  }
  FitOptions options;
  options.learningRate = 0.1 + 0.2;  // all digits survive
  EXPECT_EQ(optionsFromJson(optionsToJson(options)).learningRate, 0.1 + 0.2);
  EXPECT_EQ(optionsFromJson(R"({"program": "x", "options": {"views": 7}})").views, 7) << "a report";
}

TEST(Options, areFoundByNameWithDashesOrUnderscores) {
  ASSERT_NE(findOption("learning_rate"), nullptr);
  EXPECT_EQ(findOption("learning-rate"), findOption("learning_rate"));
  EXPECT_EQ(findOption("learning rate"), nullptr);
  EXPECT_EQ(findOption(""), nullptr);
}

TEST(Options, errorsNameTheValueAndWhatIsAccepted) {
  FitOptions o;
  const auto set = [&](const char* name, auto value) { return messageOf([&] { setOption(o, *findOption(name), value); }); };
  EXPECT_EQ(set("learning_rate", 300.0), "learning_rate is 300, must be in [1e-06, 100]");
  EXPECT_EQ(set("learning_rate", std::string_view("0.1x")), "learning_rate is '0.1x', must be in [1e-06, 100]");
  EXPECT_EQ(set("learning_rate", std::string_view("")), "learning_rate is '', must be in [1e-06, 100]");
  EXPECT_EQ(set("views", 2.5), "views is 2.5, must be a whole number in [1, 512]");
  EXPECT_EQ(set("sigma", std::numeric_limits<double>::quiet_NaN()), "sigma is nan, must be in [1e-07, 0.1]");
  EXPECT_EQ(set("coverage", std::string_view("hard")), "coverage is 'hard', must be contour or softras");
  EXPECT_EQ(set("loss", std::string_view("\n")), "loss is ' ', must be l2, l1 or soft_iou");
  EXPECT_EQ(set("soft_target", std::string_view("maybe")), "soft_target is 'maybe', must be true or false");
  EXPECT_EQ(o, FitOptions{}) << "a refused value changes nothing";
}

TEST(Options, checksReportAllFaultsTogether) {
  FitOptions options;
  options.views = 0;
  options.beta1 = 1;
  options.elevationMin = 10;
  options.elevationMax = 5;
  options.start = StartShape::File;
  EXPECT_EQ(messageOf([&] { checkOptions(options); }),
            "views is 0, must be a whole number in [1, 512]; beta1 is 1, must be in [0, 0.9999]; "
            "elevation_min is 10, must not exceed elevation_max, 5; start is mesh, but start_mesh names no file");
}

TEST(Options, badJsonIsRefused) {
  const auto parse = [](std::string_view text) { return messageOf([&] { optionsFromJson(text); }); };
  EXPECT_EQ(parse("{"), "The options are not valid JSON.");
  EXPECT_EQ(parse("[1]"), "The options must be one JSON object, { ... }.");
  EXPECT_EQ(parse(R"({"wievs": 3})"), "There is no option named 'wievs'.");
  EXPECT_EQ(parse(R"({"views": "many"})"), "views is 'many', must be a whole number in [1, 512]");
  EXPECT_EQ(parse(R"({"views": [3]})"), "views is '[3]', must be a whole number in [1, 512]");
  EXPECT_EQ(parse(R"({"coverage": 1})"), "coverage is '1', must be contour or softras");
  EXPECT_EQ(parse(R"({"start_mesh": 1})"), "start_mesh must be text, the name of a mesh file.");
  EXPECT_EQ(parse(std::string(100000, '[')), "The options are not valid JSON.");
}

}  // namespace
}  // namespace penumbra
