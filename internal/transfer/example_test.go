package transfer_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/evergrant/evergrant/internal/transfer"
)

// Two good rows, one that a spreadsheet has damaged.
func ExampleImport() {
	file := strings.NewReader(`id,username,access_token,account_id,token_expires_at,is_connect
1,acme,TOKEN-OF-ACME,17841405309211844,2027-03-02 10:00:00+00,t
2,bazaar,TOKEN-OF-BAZAAR,1.78414E+16,2027-03-02 10:00:00+00,t
3,gone,,17841405309211846,,f
`)
	keeper := &desk{}
	sum, err := transfer.Import(context.Background(), file, transfer.ImportOptions{Tenant: "shop"}, keeper, func(p transfer.Problem) {
		fmt.Println(p)
	})
	fmt.Printf("%+v %v\n", sum, err)
	// Output:
	// line 3: account_id: "1.78414E+16" is a rounded number: a spreadsheet has damaged the id; export it again as text
	// {Rows:3 Created:1 Updated:0 Unchanged:0 Rejected:1 Skipped:1} <nil>
}

func ExampleExport() {
	n, err := transfer.Export(context.Background(), os.Stdout, transfer.ExportOptions{Tenant: "a \"b\", <c>", WithTokens: true}, &shelf{held: twoChannels()})
	fmt.Println(n, err)
	// Output:
	// {"id":5,"tenant":"a \"b\", <c>","account_id":"","app_scoped_id":"","username":"gone","contact":"","locale":"","status":"disconnected","token_kind":"unknown","issued_at":null,"expires_at":null,"expiry_source":"","refreshed_at":null,"created_at":null,"updated_at":null}
	// 1 <nil>
}
