// Pulumi's command line, of the version that scripts/get-pulumi finds or builds.
//
// The SDK stands beside it because pkg v3.N asks for an older SDK than the one it is built with. The
// replaces are those of the SDK's own go.mod: Go heeds them only in the module that is built.
// There is no go.sum: nothing was built from this yet. Until there is one, the build resolves what
// is below against Go's checksum database.
module encore-infra/tools/pulumi

go 1.26.6

tool github.com/pulumi/pulumi/pkg/v3/cmd/pulumi

require (
	github.com/pulumi/pulumi/pkg/v3 v3.272.0
	github.com/pulumi/pulumi/sdk/v3 v3.272.0
)

replace github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e

replace golang.org/x/text => golang.org/x/text v0.41.0
