// What kstatus says of objects: JSON, one object a line, in; one line each out, `Current`, `InProgress`, `Failed`, …
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		fmt.Println(judge(lines.Bytes()))
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judge(line []byte) string {
	object := &unstructured.Unstructured{}
	// Not json.Unmarshal: numbers have to be integers for kstatus.
	if err := object.UnmarshalJSON(line); err != nil {
		return "error: " + err.Error()
	}
	result, err := status.Compute(object)
	if err != nil {
		return "error: " + err.Error()
	}
	return string(result.Status)
}
