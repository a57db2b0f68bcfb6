// app/packages on a machine that lacks some: with stand-ins for dpkg-query and apt-get, under the flags app/run sets.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

// A system whose package database is the file "installed", one package a line; "none" lists what cannot be had.
class InstallPackages : public testing::Test {
 protected:
  void SetUp() override {
    program("dpkg-query", R"(status=0
for name in "$@"; do
  case $name in -*) continue ;; esac
  if grep -qxF -- "$name" "$SYSTEM/installed"; then echo "installed $name"; else status=1; fi
done
exit $status
)");
    program("apt-get", R"(echo "$*" >>"$SYSTEM/calls"
[ "$1" = install ] || exit 0
for name in "${@:2}"; do grep -qxF -- "$name" "$SYSTEM/none" && exit 100; done
for name in "${@:2}"; do case $name in -*) ;; *) echo "$name" >>"$SYSTEM/installed" ;; esac; done
)");
    program("sudo", "exec \"$@\"\n");
    for (const char* name : {"installed", "none", "calls"}) system_.write(name, "");
  }

  void program(const std::string& name, const std::string& body) {
    const fs::path file = system_.write("bin/" + name, "#!/usr/bin/env bash\n" + body);
    fs::permissions(file, fs::perms::owner_all);
  }

  ProcessResult install(const std::string& packages) {
    const std::string script = "set -euo pipefail\nsource '" PENUMBRA_SOURCE_DIR "/app/packages'\ninstall_missing " + packages +
                               " || exit 1\necho done\n";
    return runProcess({"/usr/bin/env", "bash", "-c", script},
                      {{"SYSTEM=" + system_.path().string(), "PATH=" + (system_ / "bin").string() + ":" + std::getenv("PATH")}, {}});
  }

  std::string installed() const { return contentOf(system_ / "installed"); }
  std::string calls() const { return contentOf(system_ / "calls"); }

  const TemporaryFolder system_;
};

TEST_F(InstallPackages, InstallsWhatIsMissingAndNothingElse) {
  system_.write("installed", "compiler\n");
  const ProcessResult result = install("compiler library -- window");
  EXPECT_EQ(result.exitCode, 0) << result.err;
  EXPECT_EQ(result.out, "done\n");
  EXPECT_EQ(installed(), "compiler\nlibrary\nwindow\n");
  EXPECT_NE(result.err.find("Installing 2 packages: library window"), std::string::npos) << result.err;
}

TEST_F(InstallPackages, AsksForNothingWhenAllIsThere) {
  system_.write("installed", "compiler\nwindow\n");
  EXPECT_EQ(install("compiler -- window").exitCode, 0);
  EXPECT_EQ(calls(), "");
}

TEST_F(InstallPackages, GoesOnWithoutAWantedPackageThatIsNotToBeHad) {
  system_.write("none", "font\n");
  const ProcessResult result = install("compiler -- font window");
  EXPECT_EQ(result.exitCode, 0) << result.err;
  EXPECT_EQ(installed(), "compiler\nwindow\n");
  EXPECT_NE(result.err.find("going on without: font"), std::string::npos) << result.err;
}

TEST_F(InstallPackages, NamesANeededPackageThatIsNotToBeHad) {
  system_.write("none", "compiler\n");
  const ProcessResult result = install("compiler library -- window");
  EXPECT_EQ(result.exitCode, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("could not install: compiler"), std::string::npos) << result.err;
  EXPECT_EQ(installed(), "library\nwindow\n");
}

}  // namespace
}  // namespace penumbra
