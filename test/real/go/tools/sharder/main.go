// The sharder of kubernetes-controller-sharding as it is released, except for one thing: WEBHOOK_PORT says where its webhook listens.
// Its own port is fixed, and two test runs on one machine would compete for it.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/timebertt/kubernetes-controller-sharding/cmd/sharder/app"
	"sigs.k8s.io/controller-runtime/pkg/manager/signals"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

func main() {
	if port, err := strconv.Atoi(os.Getenv("WEBHOOK_PORT")); err == nil {
		webhook.DefaultPort = port
	}
	if err := app.NewCommand().ExecuteContext(signals.SetupSignalHandler()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
